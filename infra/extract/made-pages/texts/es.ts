// Spanish.
import { readPack } from './pack.js';

export const es = readPack(`
# talk
Compré el mío de segunda mano hace {n} años y nunca me dio problemas hasta la semana pasada.
Mira el tornillo debajo de la tapa, en los modelos viejos se afloja.
Ya probé todo eso y no cambió nada.
En mi caso al final era solo un contacto sucio.
Si las podas bien en marzo vuelven a florecer en otoño.
Los caracoles se las comieron todas, así que este año las tengo en macetas en la ventana.
Con la actualización funciona, pero el reloj se atrasa una hora cada vez que lo enciendo.
No digo que sea una mala máquina, solo que no vale lo que piden por ella.
Perdón por tardar en contestar, estuve fuera el fin de semana.
La pieza se consigue por menos de {n} euros si no tienes prisa.
La bajada es empinada y está llena de piedras sueltas, así que tómatelo con calma.
Siempre apunto los ajustes en un papel antes de tocar nada.
Gracias a {name} encontré por fin la medida correcta.
La madera tiene que secarse al menos dos veranos antes de trabajarla.
Depende de para qué lo quieras y de cuánto lo vayas a usar.
Lee otra vez la primera página del tema, la respuesta está en el tercer mensaje.
# news
El ayuntamiento votó el martes mantener abierta la vieja biblioteca otros {n} años.
Las obras duraron más de lo previsto porque apareció un pozo bajo el suelo de la cocina.
Nadie resultó herido, pero la carretera estuvo cerrada casi toda la tarde.
El número de personas que van al trabajo en bicicleta se ha duplicado desde que cerraron el puente.
Empezó a pintar pasados los sesenta, en un cuarto encima de la panadería de su hija.
Los agricultores del valle dicen que no habían visto una primavera tan seca.
La alcaldesa dijo que la ciudad no podía pagar el plan, pero tampoco renunciar a él.
Los precios han subido un {n} por ciento en un año.
Llovía cuando por fin salió el tren, con dos horas de retraso.
La película cuenta la historia de un relojero que pierde la vista y sigue trabajando de oído.
El transbordador saldrá cada hora hasta finales de septiembre.
# docs
La función devuelve el número de bytes escritos, o un valor negativo si el flujo está cerrado.
Abra los ajustes y elija la cuenta que quiere usar para los mensajes nuevos.
De manera predeterminada, el servidor escucha en el puerto 8080 de la interfaz local.
Esta opción no tiene efecto cuando la caché está desactivada.
Si el archivo no existe, se crea con los permisos de su carpeta.
El ejemplo siguiente muestra cómo leer una tabla e imprimir la suma de una columna.
El valor cero significa que no hay límite.
Los errores se indican con el código de retorno y se anotan en el registro.
# product
El {item} está hecho para quien prefiere usar una cosa durante años antes que cambiarla cada invierno.
El cuadro está soldado de un solo tubo y pesa menos de {n} cientos de gramos.
La tapa cierra sin ruido y mantiene el calor hasta {n} horas.
Todas las piezas de desgaste se cambian en casa con la llave incluida.
El mango es de haya torneada y lleva dos manos de aceite.
Lavar a mano con agua fría y secar a la sombra.
# review
Lo uso todos los días desde hace un mes y estoy muy contento.
Llegó dos días tarde, pero no faltaba nada.
Se rompió a las {n} semanas y la tienda no contesta.
Hace lo que tiene que hacer.
El color es más oscuro que en la foto.
# comment
Gracias por escribir esto, es la primera explicación que entiendo.
No estoy nada de acuerdo con el último punto.
Lo hice ayer y todos pidieron más.
Hay un error en el segundo párrafo, el puente es posterior.
¡Bonitas fotos!
En mi pueblo pasó lo mismo y nadie aprendió nada.
# legal
Conservamos sus datos solo mientras hacen falta para su pedido.
Puede retirar su consentimiento en cualquier momento.
El titular no responde del contenido de otros sitios enlazados.
# company
Fabricamos herramientas para talleres pequeños y les ayudamos a encontrar clientes.
Nuestro equipo de {n} personas trabaja en dos viejos graneros junto al río.
Envío gratis a partir de {n} euros.
Díganos qué necesita y recibirá una oferta en dos días.
# asks
¿A alguien más le pasa?
¿Alguien sabe cómo se llama esta pieza?
¿Vale la pena repararlo?
¿Qué estoy haciendo mal?
# short
¡Gracias!
+1
A mí también.
Solucionado, gracias a todos.
No.
Subo el tema.
Tema movido.
Opino lo mismo.
# greetings
Hola a todos,
Buenas,
Buenos días,
# thanks
¡Gracias de antemano!
Un saludo
Saludos desde la costa
# threads
Ruido raro a los {n} minutos
¿Qué lámpara para un taller pequeño?
{item} no arranca después de actualizar
[SOLUCIONADO] Sin sonido en el canal izquierdo
Tomates y heladas tardías
¿Qué estáis leyendo?
# headlines
La vieja biblioteca sigue abierta
Por qué el pan necesita tiempo
Una casa en la que nadie entra
El puente vuelve a cerrarse
Una primavera sin lluvia
# headings
Introducción
Primeros pasos
Instalación
Configuración
Ejemplos
Límites
Solución de problemas
Historia
# kinds
Chaqueta de lluvia
Lámpara de mesa
Hervidor
Mochila
Banco de trabajo
Cuchillo de pan
# names
Elena Robles
Marcos Ibarra
Lucía Ferrer
Andrés Molina
Pilar Soto
# steps
Calentar el horno a 180 grados y untar el molde.
Batir los huevos con el azúcar.
Añadir la harina a cucharadas.
Hornear {n} minutos y dejar enfriar.
Salpimentar y servir enseguida.
# foods
{n} g de harina
2 huevos
1 cebolla grande picada
una pizca de sal
3 cucharadas de aceite de oliva
# specs
Peso: {n}0 g
Ancho: {n} cm
Material: acero
Color: verde oscuro
Garantía: 2 años
# forums
Charla general
Taller y herramientas
Huerto y balcón
Ordenadores y redes
Rutas y viajes
# places
Calle del Puerto 12
Camino del Molino 4
Avenida de la Estación 77
# verses
La lámpara está baja y el camino es blanco,
nada se mueve más que nieve y llanto;
cuento las ventanas una por una
y las apago a la luz de la luna.
El río guarda lo que le dijeron
y se lo lleva al mar que no vieron.
`);
